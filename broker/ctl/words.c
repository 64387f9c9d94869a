/* The texts. Style as in ui-words: one cause, one next step. */
#include "ctl/words.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_japanese;

static const struct {
	const char *ja;
	const char *en;
} words[N_WORDS] = {
        [WORD_CANNOT_REACH] = {"ブローカーに接続できません", "cannot reach the broker"},
        [WORD_CANNOT_REACH_HINT] = {"shoji-broker が動いているか、root で実行しているか、--socket "
                                    "の指定を確認してください。",
                "Check that shoji-broker is running, that you are root, and --socket."},
        [WORD_NO_ANSWER] = {"ブローカーから応答がありません。ログを確認してください。",
                "the broker does not answer; look at its log"},
        [WORD_USAGE_HINT] = {"使い方: shojictl --help", "See: shojictl --help"},
        [WORD_PASSWORD] = {"パスワード: ", "Password: "},
        [WORD_PASSWORD_AGAIN] = {"パスワード（確認）: ", "Password again: "},
        [WORD_PASSWORDS_DIFFER] = {"2回の入力が一致しません。もう一度実行してください。",
                "the two passwords differ; run the command again"},
        [WORD_NO_TERMINAL] = {"端末がないため、パスワードを入力できません。--password-stdin 又は "
                              "--generate を使ってください。",
                "there is no terminal to type a password at; use --password-stdin or --generate"},
        [WORD_PASSWORD_EMPTY] = {"パスワードが空か、長すぎます（256バイトまで）。",
                "the password is empty or longer than 256 bytes"},
        [WORD_FILE_EXISTS] = {"既にあるファイルには書き込みません。別の名前を指定してください",
                "there is a file of that name, which is not overwritten; choose another"},
        [WORD_FILE_FAILED] = {"ファイルに書き込めません", "cannot write the file"},
        [WORD_ADDED] = {"利用者 %s を登録しました。\n", "Added %s.\n"},
        [WORD_CHANGED] = {"利用者 %s のパスワードを変更しました。\n",
                "Changed the password of %s.\n"},
        [WORD_LOCKED] = {"利用者 %s の利用を停止しました。\n", "Locked %s.\n"},
        [WORD_UNLOCKED] = {"利用者 %s の利用停止を解除しました。\n", "Unlocked %s.\n"},
        [WORD_ENDING] = {"セッション %s を強制終了しています。\n", "Ending session %s.\n"},
        [WORD_SAVED] = {"%s に保存しました。撮影は記録され、利用者の画面に通知されました。\n",
                "Saved to %s. It was recorded, and the person is told.\n"},
        [WORD_WATCH] = {"%s\n60秒以内に、一度だけ開けます。開くと記録され、確認している間は利用者の"
                        "画面に表示されます。\n",
                "%s\nIt opens once, within 60 s. That is recorded, and the person is told as long "
                "as it lasts.\n"},
        [WORD_GENERATED] = {"パスワード: %s\n（この画面にだけ表示されます。）\n",
                "Password: %s\n(It is shown this once.)\n"},
        [WORD_NO_SESSIONS] = {"利用中の人はいません。\n", "No sessions.\n"},
        [WORD_NO_PEOPLE] = {"登録された利用者はいません。追加: shojictl people add ID\n",
                "No people. To add one: shojictl people add ID\n"},
        [WORD_YES] = {"はい", "yes"},
        [WORD_NO] = {"いいえ", "no"},
};

static const struct {
	const char *code;
	const char *ja;
} errors[] = {
        {"not_found",
                "見つかりません。shojictl sessions 又は shojictl people list で確認してください"},
        {"ambiguous", "該当するセッションが複数あります。もっと長く指定してください"},
        {"exists", "そのIDは既に登録されています。パスワードの変更は shojictl people passwd です"},
        {"bad_id", "IDに使えるのは a-z 0-9 . _ - @（1～64文字、先頭は英数字）です"},
        {"bad_name", "名前は、制御文字を含まない128バイト以内で指定してください"},
        {"password", "そのパスワードは使えません"},
        {"limit", "登録できる人数の上限に達しています"},
        {"busy", "混み合っています。しばらくしてから再度実行してください"},
        {"refused", "今は実行できません"},
        {"unavailable",
                "実行できませんでした。データ用の領域の空きとブローカーのログを確認してください"},
        {"bad_request", "指定が正しくありません"},
        {"version", "ブローカーと shojictl の版が違います。同じ版を使ってください"},
};

static const char help_en[] =
        "Usage: shojictl [OPTIONS] COMMAND\n"
        "\n"
        "  status                        the broker and its parts\n"
        "  sessions                      who is using it\n"
        "  end SESSION                   end a session\n"
        "  screenshot SESSION FILE.png   save what a session shows (recorded; the person is told)\n"
        "  watch SESSION [--reason TEXT] an address to look on at a session (recorded; the person "
        "is told)\n"
        "  people add ID [--name NAME] [--password-stdin | --generate]\n"
        "  people passwd ID [--password-stdin | --generate]\n"
        "  people lock ID | unlock ID    refuse a person (ends the session) | admit again\n"
        "  people list\n"
        "  audit verify                  look for tampering in the whole audit log\n"
        "  audit tail [-n N]             the newest N records (10)\n"
        "\n"
        "SESSION: an ID such as s-0123456789abcdef, its beginning, or a person's ID.\n"
        "\n"
        "  --socket PATH   the broker's control socket (/run/shoji/control.sock)\n"
        "  --json          JSON on standard output\n"
        "  --lang ja|en    language of the messages (else LANG)\n"
        "  --help          this text        --version\n"
        "\n"
        "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 the broker cannot be reached,\n"
        "4 no such session or person, 5 the audit log is damaged.\n";

static const char help_ja[] =
        "使い方: shojictl [オプション] コマンド\n"
        "\n"
        "  status                        ブローカーの状態\n"
        "  sessions                      利用状況一覧\n"
        "  end SESSION                   強制終了\n"
        "  screenshot SESSION FILE.png   画面の保存（記録され、利用者に通知されます）\n"
        "  watch SESSION [--reason TEXT] "
        "画面を確認するためのアドレスを発行（記録し、利用者の画面に表示）\n"
        "  people add ID [--name 名前] [--password-stdin | --generate]      利用者の登録\n"
        "  people passwd ID [--password-stdin | --generate]                 パスワードの変更\n"
        "  people lock ID | unlock ID    利用の停止（利用中なら終了） | 解除\n"
        "  people list                   利用者の一覧\n"
        "  audit verify                  監査ログの改ざんの有無を検証\n"
        "  audit tail [-n N]             新しい記録 N 件（10件）\n"
        "\n"
        "SESSION: s-0123456789abcdef のようなID、その先頭部分、又は利用者のID。\n"
        "\n"
        "  --socket PATH   ブローカーの制御ソケット（/run/shoji/control.sock）\n"
        "  --json          標準出力にJSONで出力\n"
        "  --lang ja|en    表示する言語（省略時は LANG）\n"
        "  --help          この説明        --version\n"
        "\n"
        "終了コード: 0 完了、1 拒否又は失敗、2 使い方の誤り、3 ブローカーに接続できない、\n"
        "4 該当するセッション又は利用者がない、5 監査ログに異常がある。\n";

static const char *environment_language(void)
{
	const char *names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return value;
	}
	return "";
}

bool words_choose(const char *lang)
{
	if (!lang) {
		is_japanese = strncmp(environment_language(), "ja", 2) == 0;
		return true;
	}
	is_japanese = strcmp(lang, "ja") == 0;
	return is_japanese || strcmp(lang, "en") == 0;
}

bool words_are_japanese(void)
{
	return is_japanese;
}

const char *word(enum word which)
{
	return is_japanese ? words[which].ja : words[which].en;
}

const char *word_for_error(const char *code)
{
	for (size_t i = 0; is_japanese && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(code, errors[i].code) == 0)
			return errors[i].ja;
	return NULL;
}

const char *help_text(void)
{
	return is_japanese ? help_ja : help_en;
}
