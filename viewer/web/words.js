// Every word that staff read on this page, Japanese first. The same keys in both languages (a test compares them);
// {n} and {name} are blanks. Knows no page.

export const LANGUAGES = Object.freeze(["ja", "en"]);

export const WORDS = Object.freeze({
	ja: Object.freeze({
		title: "インターネット閲覧画面（隔離環境）",
		otherLanguage: "English",
		languageLabel: "English（表示言語を英語に切り替える）",

		signInTitle: "ログイン",
		person: "利用者ID",
		password: "パスワード",
		signIn: "ログイン",
		signingIn: "確認しています…",
		recorded: "利用状況は、情報セキュリティポリシーに基づき記録しています。",
		marked: "画面には、利用者名・端末名・日時が透かしで表示されます。",
		contact: "お問い合わせ先：{name}",
		capsLock: "CapsLockがオンになっています。",
		personMissing: "利用者IDを入力してください。",
		passwordMissing: "パスワードを入力してください。",
		signInWrong: "利用者ID又はパスワードが正しくありません。ご確認のうえ、再度入力してください。",
		signInLocked:
			"ログインの失敗が続いたため、一時的に利用を停止しています。{n}分後に再度お試しください。",
		signInInUse:
			"この利用者IDは、既に利用中です。先に開いた画面でログアウトしてから、再度お試しください。",
		signInFull: "利用可能な上限に達しています。しばらくしてから、再度お試しください。",
		signInUnavailable: "現在、利用を開始できません。しばらくしてから、再度お試しください。",
		signInTooMany: "ログインの操作が続いたため、少しお待ちいただいています。{n}分後に再度お試しください。",
		signInMalformed: "入力内容を確認できませんでした。ページを再読み込みしてから、再度お試しください。",
		signInNoLine: "接続できませんでした。通信の状態をご確認のうえ、再度お試しください。",
		browserTooOld:
			"このブラウザーでは表示できません。最新のMicrosoft Edge又はGoogle Chromeをご利用ください。",
		viewerFailed: "画面を表示する準備ができませんでした。ページを再読み込みしてください。",

		screenLabel: "隔離環境の画面",
		escapeHint: "Ctrl+Alt+Shiftを押して離すと、この操作バーに移ります。",
		barLabel: "操作バー",
		personLabel: "利用者：{name}",
		latencyToggle: "応答時間",
		latencyKeys: "キー入力から表示まで：中央値 {p50}ミリ秒、95%値 {p95}ミリ秒（直近{n}回）",
		latencyNone: "キー入力から表示まで：文字を入力すると測定します。",
		latencyLine: "通信の往復：{n}ミリ秒",
		fullScreen: "全画面表示",
		fullScreenEnd: "全画面表示を終了",
		fullScreenHint:
			"全画面表示を終えるには、Escキーを長く押すか、Ctrl+Alt+Shiftを押して離し、操作バーの［全画面表示を終了］を選んでください。",
		hideBar: "操作バーを隠す",
		barHidden:
			"操作バーを隠しました。Ctrl+Alt+Shiftを押して離すか、画面の上端にポインターを1秒置くと、再び表示されます。",
		barShown: "操作バーを表示しました。",
		signOut: "ログアウト",
		backToScreen: "画面に戻る",
		keys: "キー",
		keysLabel: "この端末では使えないキーを、画面に送る",
		keyNewTab: "新しいタブ",
		keyCloseTab: "タブを閉じる",
		keyReopenTab: "閉じたタブを開く",
		keyNextTab: "次のタブ",
		keyPreviousTab: "前のタブ",
		keyNewWindow: "新しいウィンドウ",
		keyNextWindow: "次のウィンドウ",
		keyCloseWindow: "ウィンドウを閉じる",
		keyWholePage: "ページの全画面表示",
		keyEscape: "中止",
		keyPlain: "日本語入力を使わず、キーのまま送る",

		starting: "閲覧環境を準備しています。しばらくお待ちください。",
		connecting: "接続しています…",
		badge_starting: "準備中",
		badge_live: "接続中",
		badge_slow: "通信速度が低下しています",
		badge_slow_terminal: "この端末の表示が遅れています",
		badge_lost: "通信が切断されました",
		reason_line: "通信回線の応答に時間がかかっています。しばらくお待ちください。",
		reason_terminal: "この端末の処理が混み合っています。使っていないアプリを閉じると改善することがあります。",
		lost: "通信が切断されました。再接続しています…",
		lost_closed: "中継サーバーとの接続が切れました。画面はそのまま残っています。",
		lost_silent: "応答がありません。画面はそのまま残っています。",
		lost_jammed: "送信が滞っています。画面はそのまま残っています。",
		lost_unavailable: "中継サーバーが混み合っています。画面はそのまま残っています。",
		lost_broken: "受信した画面の情報を読み取れませんでした。",
		text_refused: "この場所には文字を入力できません。入力欄を選択してから、再度入力してください。",
		text_tooMuch: "短時間に多くの文字が入力されたため、受け付けませんでした。1分ほど待ってから、再度入力してください。",
		text_tooLong: "一度に入力できるのは4,096文字までです。分けて入力してください。",
		text_silent: "入力した文字が届いていません。この端末の日本語入力が正しく動作していない可能性があります。",
		text_silentOffer: "半角の英数字をキーのまま送る",
		text_lost: "通信が切れたため、直前に入力した文字が届いていない可能性があります。画面をご確認ください。",
		lostHelp: "しばらくたっても再接続しない場合は、通信の状態をご確認ください。",
		retryNow: "今すぐ再接続",
		reconnected: "再接続しました。前の画面から続けられます。",

		notice_screenshot: "管理者（{name}）が画面を記録しました。",
		notice_idle_soon: "操作がないため、あと{name}分で終了します。続ける場合は、画面を操作してください。",
		notice_duration_soon: "あと{name}分で終了します。必要な内容は、お早めに送信してください。",
		watchBegan: "管理者（{name}）が画面を確認しています。",
		watchEnded: "管理者による画面の確認が終了しました。",
		onlooker: "画面の確認（閲覧のみ）",
		onlookerWaiting: "利用者の画面に通知が表示されるまで、お待ちください。",
		closeNotice: "閉じる",

		confirmTitle: "ログアウトしますか。",
		confirmText: "終了すると、入力中の内容は失われます。",
		confirmYes: "ログアウトする",
		confirmNo: "利用を続ける",
		signOutFailed: "ログアウトできませんでした。通信の状態をご確認のうえ、再度お試しください。",

		endedTitle: "終了しました",
		backToSignIn: "ログイン画面に戻る",
		reload: "ページを再読み込み",
		end_signed_out: "ログアウトしました。",
		end_idle: "一定時間操作がなかったため、終了しました。",
		end_duration: "連続して利用できる時間に達したため、終了しました。再度ログインできます。",
		end_abandoned: "通信の切断が続いたため、終了しました。再度ログインしてください。",
		end_administrator: "管理者が終了しました。詳しくは、お問い合わせ先にご確認ください。",
		end_start_failed: "閲覧環境を準備できませんでした。しばらくしてから、再度ログインしてください。",
		end_host_exited: "閲覧環境が終了しました。再度ログインしてください。",
		end_capture_failed: "閲覧環境との接続に問題が起きたため、終了しました。再度ログインしてください。",
		end_encode_failed: "画面を送れなくなったため、終了しました。再度ログインしてください。",
		end_limit:
			"閲覧環境で使える量を超えたため、終了しました。開くタブの数を減らして、再度ご利用ください。",
		end_broker: "中継サーバーが停止したため、終了しました。しばらくしてから、再度ログインしてください。",
		end_lease_lost: "中継サーバーとの連絡が途絶えたため、終了しました。再度ログインしてください。",
		refused_unknown: "前回の利用は終了しています。再度ログインしてください。",
		refused_in_use: "別の画面で利用中のため、この画面を終了しました。",
		onlooker_refused:
			"このアドレスは、使用済みか、有効時間（60秒）を過ぎています。shojictl watch を再度実行してください。",
		onlooker_lost: "通信が切断されたため、画面の確認を終了しました。続ける場合は、shojictl watch を再度実行してください。",
		onlooker_ended: "利用者の利用が終了したため、画面の確認を終了しました。",
		end_broken: "画面の情報を正しく受信できないため、終了しました。ページを再読み込みしてください。",
	}),
	en: Object.freeze({
		title: "Internet screen (isolated environment)",
		otherLanguage: "日本語",
		languageLabel: "日本語 (show in Japanese)",

		signInTitle: "Sign in",
		person: "User ID",
		password: "Password",
		signIn: "Sign in",
		signingIn: "Checking…",
		recorded: "Use is recorded under the information security policy.",
		marked: "User, terminal, date and time are shown over the screen as a watermark.",
		contact: "Contact: {name}",
		capsLock: "Caps Lock is on.",
		personMissing: "Enter your user ID.",
		passwordMissing: "Enter your password.",
		signInWrong: "User ID or password is not correct. Check them and enter them again.",
		signInLocked: "Use is stopped for a while after repeated failures. Try again in {n} min.",
		signInInUse: "This user ID is in use already. Sign out on the screen opened first, then try again.",
		signInFull: "All seats are taken. Try again in a while.",
		signInUnavailable: "Use cannot be started just now. Try again in a while.",
		signInTooMany: "Too many attempts from this terminal. Try again in {n} min.",
		signInMalformed: "What was entered could not be read. Reload the page and try again.",
		signInNoLine: "No connection. Check the network and try again.",
		browserTooOld: "This browser cannot show the screen. Use a current Microsoft Edge or Google Chrome.",
		viewerFailed: "The screen could not be prepared. Reload the page.",

		screenLabel: "Screen of the isolated environment",
		escapeHint: "Press and release Ctrl+Alt+Shift to move to this bar.",
		barLabel: "Control bar",
		personLabel: "User: {name}",
		latencyToggle: "Response time",
		latencyKeys: "Key press to picture: median {p50} ms, 95th percentile {p95} ms (last {n})",
		latencyNone: "Key press to picture: measured as you type.",
		latencyLine: "Line, there and back: {n} ms",
		fullScreen: "Full screen",
		fullScreenEnd: "Leave full screen",
		fullScreenHint:
			"To leave full screen, hold Esc, or press and release Ctrl+Alt+Shift and choose “Leave full screen”.",
		hideBar: "Hide this bar",
		barHidden:
			"The bar is hidden. Press and release Ctrl+Alt+Shift, or rest the pointer on the upper edge for a second, to show it again.",
		barShown: "The bar is shown.",
		signOut: "Sign out",
		backToScreen: "Back to the screen",
		keys: "Keys",
		keysLabel: "Send keys to the screen that this terminal keeps for itself",
		keyNewTab: "New tab",
		keyCloseTab: "Close tab",
		keyReopenTab: "Reopen closed tab",
		keyNextTab: "Next tab",
		keyPreviousTab: "Previous tab",
		keyNewWindow: "New window",
		keyNextWindow: "Next window",
		keyCloseWindow: "Close window",
		keyWholePage: "Page in full screen",
		keyEscape: "Cancel",
		keyPlain: "Send plain keys, without Japanese input",

		starting: "Your browsing environment is being prepared. Please wait.",
		connecting: "Connecting…",
		badge_starting: "Starting",
		badge_live: "Connected",
		badge_slow: "Line is slow",
		badge_slow_terminal: "This terminal is slow",
		badge_lost: "Line lost",
		reason_line: "The line takes long to answer. Please wait a moment.",
		reason_terminal: "This terminal is busy. Closing programs that are not in use may help.",
		lost: "The line was lost. Reconnecting…",
		lost_closed: "The connection to the broker was cut. Your screen is kept.",
		lost_silent: "There is no answer. Your screen is kept.",
		lost_jammed: "Sending has come to a halt. Your screen is kept.",
		lost_unavailable: "The broker cannot take you in just now. Your screen is kept.",
		lost_broken: "The picture that was received could not be read.",
		text_refused: "Text cannot be entered here. Choose a text field and enter it again.",
		text_tooMuch: "Too much text in a short time: it was not taken. Wait a minute and enter it again.",
		text_tooLong: "At most 4,096 characters at a time. Please enter the text in parts.",
		text_silent: "What you type does not arrive. The Japanese input of this terminal may not be working.",
		text_silentOffer: "Send half-width letters as plain keys",
		text_lost: "The line was cut: what you entered last may not have arrived. Please look at the screen.",
		lostHelp: "If it does not reconnect in a while, check the network.",
		retryNow: "Reconnect now",
		reconnected: "Reconnected. Go on from where you were.",

		notice_screenshot: "An administrator ({name}) recorded your screen.",
		notice_idle_soon: "Nothing was done for a while: ends in {name} min. Use the screen to go on.",
		notice_duration_soon: "Ends in {name} min. Send what you need soon.",
		watchBegan: "An administrator ({name}) is looking at your screen.",
		watchEnded: "The administrator no longer looks at your screen.",
		onlooker: "Looking on (view only)",
		onlookerWaiting: "Please wait until the notice is shown on the user's screen.",
		closeNotice: "Close",

		confirmTitle: "Sign out?",
		confirmText: "What you are entering will be lost.",
		confirmYes: "Sign out",
		confirmNo: "Go on",
		signOutFailed: "Signing out did not work. Check the network and try again.",

		endedTitle: "Ended",
		backToSignIn: "Back to sign-in",
		reload: "Reload the page",
		end_signed_out: "You have signed out.",
		end_idle: "Ended, because nothing was done for a while.",
		end_duration: "Ended: the longest time at once was reached. You can sign in again.",
		end_abandoned: "Ended, because the line stayed cut. Sign in again.",
		end_administrator: "An administrator ended it. Ask the contact for details.",
		end_start_failed: "The browsing environment could not be prepared. Sign in again in a while.",
		end_host_exited: "The browsing environment ended. Sign in again.",
		end_capture_failed: "Ended by a problem with the browsing environment. Sign in again.",
		end_encode_failed: "Ended, because the screen could no longer be sent. Sign in again.",
		end_limit: "Ended: the browsing environment used too much. Open fewer tabs next time.",
		end_broker: "Ended, because the broker stopped. Sign in again in a while.",
		end_lease_lost: "Ended, because the broker was out of touch. Sign in again.",
		refused_unknown: "Your last use has ended. Sign in again.",
		refused_in_use: "In use on another screen, so this one was ended.",
		onlooker_refused: "This address was used already, or its 60 s are over. Run shojictl watch again.",
		onlooker_lost: "Ended, because the line was lost. Run shojictl watch again to go on.",
		onlooker_ended: "Ended, because the user's session ended.",
		end_broken: "Ended, because the picture cannot be received correctly. Reload the page.",
	}),
});

const END_KEYS = Object.freeze({
	1: "end_signed_out",
	2: "end_idle",
	3: "end_duration",
	4: "end_abandoned",
	5: "end_administrator",
	6: "end_start_failed",
	7: "end_host_exited",
	8: "end_capture_failed",
	9: "end_encode_failed",
	10: "end_limit",
	11: "end_broker",
	12: "end_lease_lost",
});
const REFUSED_KEYS = Object.freeze({ 1: "refused_unknown", 2: "refused_in_use" });
const ONLOOKER_KEYS = Object.freeze({
	reason: "onlooker_ended",
	refused: "onlooker_refused",
	lost: "onlooker_lost",
	broken: "end_broken",
});
const NOTICE_KEYS = Object.freeze({ 1: "notice_screenshot", 2: "notice_idle_soon", 3: "notice_duration_soon" });

// detail: of session.js's ENDED.
export function endKey(detail, isOnlooker = false) {
	if (isOnlooker) {
		return ONLOOKER_KEYS[detail.kind];
	}
	if (detail.kind === "reason") {
		return END_KEYS[detail.reason];
	}
	return detail.kind === "refused" ? REFUSED_KEYS[detail.outcome] : "end_broken";
}

export function noticeKey(notice) {
	return NOTICE_KEYS[notice];
}

export function badgeKeys({ quality, reason }) {
	if (quality === "slow") {
		const isTerminal = reason === "terminal";
		return {
			text: isTerminal ? "badge_slow_terminal" : "badge_slow",
			reason: isTerminal ? "reason_terminal" : "reason_line",
		};
	}
	return { text: `badge_${quality}`, reason: quality === "lost" ? "lostHelp" : null };
}

// Only what the table knows: a word that is missing is our bug, and is shown as its key rather than as nothing.
export function word(language, key, blanks = {}) {
	const text = WORDS[language][key] ?? key;
	return text.replace(/\{(\w+)\}/g, (blank, name) => String(blanks[name] ?? blank));
}
