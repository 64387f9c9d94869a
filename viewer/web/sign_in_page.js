// The sign-in form on the page: reads the fields, asks sign_in.js, shows the answer.

import { readStatus, screenSize, signIn } from "./sign_in.js";

// Refusals that the person can mend in a field.
const FIELD_ERRORS = new Set(["personMissing", "passwordMissing", "signInWrong"]);
const element = (id) => document.getElementById(id);

function barHeightPx() {
	return parseInt(getComputedStyle(document.documentElement).getPropertyValue("--bar-height"), 10);
}

export class SignInPage {
	#words;
	#onToken;
	#error = null; // {key, blanks}
	#status = readStatus();
	#isBusy = false;

	// onToken(token): accepted.
	constructor(words, onToken) {
		this.#words = words;
		this.#onToken = onToken;
		words.onChange(() => this.#write());
		element("sign-in-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#submit();
		});
		element("password").addEventListener("keyup", (event) => {
			element("caps-lock").hidden = !event.getModifierState?.("CapsLock");
		});
		this.#status.then(({ contact, isMarked }) => {
			this.#writeContact(contact);
			element("marked").hidden = !isMarked;
		});
	}

	show(error = null) {
		this.#error = error;
		this.#write();
		element("person").focus();
	}

	#write() {
		const { key, blanks } = this.#error ?? {};
		element("sign-in-error").textContent = key ? this.#words.word(key, blanks) : "";
		element("sign-in").textContent = this.#words.word(this.#isBusy ? "signingIn" : "signIn");
		this.#status.then(({ contact }) => this.#writeContact(contact));
	}

	#writeContact(contact) {
		const text = contact ? this.#words.word("contact", { name: contact }) : "";
		element("contact").textContent = text;
		element("ended-contact").textContent = text;
	}

	#setBusy(isBusy) {
		this.#isBusy = isBusy;
		// Not disabled: a disabled button loses the focus, and a keyboard user their place.
		element("sign-in").setAttribute("aria-disabled", String(isBusy));
		this.#write();
	}

	#refuse(error, field) {
		this.#error = error;
		this.#setBusy(false);
		for (const name of ["person", "password"]) {
			element(name).setAttribute("aria-invalid", String(name === field && FIELD_ERRORS.has(error.key)));
		}
		element(field).focus();
	}

	async #submit() {
		if (this.#isBusy) {
			return;
		}
		const person = element("person").value.trim();
		const password = element("password").value;
		if (person === "") {
			this.#refuse({ key: "personMissing" }, "person");
			return;
		}
		if (password === "") {
			this.#refuse({ key: "passwordMissing" }, "password");
			return;
		}
		this.#error = null;
		this.#setBusy(true);
		const { limits } = await this.#status;
		const size = screenSize(
			{ windowWidth: innerWidth, windowHeight: innerHeight, barHeight: barHeightPx(), devicePixelRatio },
			limits,
		);
		const answer = await signIn({ person, password, ...size });
		element("password").value = "";
		if (answer.token) {
			this.#setBusy(false);
			this.#onToken(answer.token);
			return;
		}
		this.#refuse(answer, "password");
	}
}
