from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pytest

from together_di import Together, TogetherContainer, demo
from together_di.cli import main
from together_di.demo import LONGEST_PASSAGE, passages
from together_di.emulator import Emulator, EmulatorServer, Reply

TEXT = """\
# Blumen

Roses are red, and they grow in the garden of the museum.

## Keys

The key of the museum hangs behind the door, on a rusty nail.

## Opening hours

The museum opens at nine in the morning, and closes at five.

On Mondays it stays closed, whatever the weather: Grüezi mitenand!
"""
QUESTION = "Where does the key of the museum hang?"
PNG = b"\x89PNG\r\n\x1a\n"


class Recorder(Emulator):
    """An emulator that keeps what it was asked, and answers some paths as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, dict[str, object]]] = []
        self.instead: dict[str, Reply] = {}

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", *, base_url: str = ""
    ) -> Reply:
        self.requests.append((target, json.loads(body)))
        if target in self.instead:
            return self.instead[target]
        return super().handle(method, target, headers, body, base_url=base_url)

    def answer(self, target: str, content: object, status: int = 200) -> None:
        self.instead[target] = Reply(status, {"content-type": "application/json"}, json.dumps(content).encode())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "text.md"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return tmp_path / "out" / "picture.png"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """What `--live` reaches: an emulator that stands in for the real API."""
    recorder = Recorder()
    with EmulatorServer(recorder) as server:
        monkeypatch.setenv("TOGETHER_BASE_URL", server.url)
        monkeypatch.setenv("TOGETHER_API_KEY", "k-secret")
        monkeypatch.setenv("TOGETHER_MAX_RETRIES", "0")
        yield recorder


def run_demo(*arguments: object) -> int:
    return main(["demo", *map(str, arguments)])


def test_the_demo_answers_its_own_question_from_our_readme(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert run_demo(readme, "--output", tmp_path / "picture.png") == 0
    answer = capsys.readouterr().out.partition("\nThe answer (")[2].splitlines()[1]
    assert answer.startswith("The API key comes from the argument api_key, else from the environment")


def test_the_demo_answers_from_the_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo(file, "--question", QUESTION) == 0
    answer = capsys.readouterr().out.partition("\nThe answer (")[2].splitlines()[1]
    assert answer == "The key of the museum hangs behind the door, on a rusty nail."


def test_the_best_passage_is_shown_with_its_score(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo(file, "--question", QUESTION) == 0
    best = capsys.readouterr().out.partition("\nThe best of them (")[2].splitlines()[1]
    assert re.fullmatch(r" +[01]\.\d{3}  Keys The key of the museum hangs behind the door, on a rusty nail\.", best)


def test_the_picture_is_a_png_at_the_place_asked_for(file: Path, picture: Path) -> None:
    assert run_demo(file, "--output", picture) == 0
    assert picture.read_bytes().startswith(PNG)
    assert list(picture.parent.iterdir()) == [picture]


def test_the_picture_goes_into_the_current_folder_by_default(file: Path, tmp_path: Path) -> None:
    assert run_demo(file) == 0
    assert (tmp_path / "out" / "together-di-demo.png").read_bytes().startswith(PNG)


def test_a_picture_that_is_there_is_replaced(file: Path, picture: Path) -> None:
    picture.write_text("old")
    assert run_demo(file, "--output", picture) == 0
    assert picture.read_bytes().startswith(PNG)


def test_the_end_says_which_client_how_many_calls_and_where_the_picture_is(
    file: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_demo(file, "--output", "picture.png") == 0
    end = capsys.readouterr().out.partition("\nDone\n")[2]
    facts = dict(re.findall(r"^  (\w+) +(.*)$", end, re.MULTILINE))
    assert facts.pop("client").startswith("<Together https://api.together.ai transport='embedded'")
    assert re.fullmatch(r"\d+\.\d\d seconds", facts.pop("time"))
    assert facts == {
        "transport": "embedded",
        "calls": "5 (2 embeddings, 1 rerank, 1 chat, 1 images)",
        "picture": str(picture.resolve()),
    }


def test_without_a_file_the_readme_comes_from_the_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    information = tmp_path / "site" / "together_di-7.8.9.dist-info"
    information.mkdir(parents=True)
    head = "Metadata-Version: 2.4\nName: together-di\nVersion: 7.8.9\nDescription-Content-Type: text/markdown\n\n"
    (information / "METADATA").write_text(f"{head}# Über\n\nThe API key comes from a drawer: Größe S.\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert run_demo() == 0
    shown = capsys.readouterr().out
    assert "the README of together-di 7.8.9 (1 passage)" in shown
    assert "The API key comes from a drawer: Größe S.\n" in shown


def test_a_package_that_is_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.path", [])
    assert run_demo() == 1
    assert "name a FILE" in capsys.readouterr().err


def test_a_live_demo_makes_the_calls_it_counts(
    live: Recorder, file: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("\n\n".join(f"Passage {number}." for number in range(40)))
    assert run_demo(file, "--live", "--output", picture) == 0
    shown = capsys.readouterr().out
    paths = [path for path, _ in live.requests]
    assert paths == [
        *["/v1/embeddings"] * 4,
        "/v1/rerank",
        "/v1/chat/completions",
        "/v1/images/generations",
    ]
    assert "  calls      7 (4 embeddings, 1 rerank, 1 chat, 1 images)\n" in shown
    assert "  transport  httpx\n" in shown
    assert picture.read_bytes().startswith(PNG)


def test_the_system_message_holds_the_best_three_passages(live: Recorder, file: Path) -> None:
    assert run_demo(file, "--live", "--question", QUESTION) == 0
    asked = dict(live.requests)["/v1/chat/completions"]
    ranked = dict(live.requests)["/v1/rerank"]
    assert ranked["top_n"] == 3
    assert isinstance(asked["messages"], list)
    system, user = asked["messages"]
    assert (system["role"], user) == ("system", {"role": "user", "content": QUESTION})
    assert "hangs behind the door" in system["content"]
    assert sum(passage in system["content"] for passage in passages(TEXT)) == 3
    assert asked["stream"] is True


def test_nothing_shows_the_key(live: Recorder, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_demo(file, "--live") == 0
    shown = capfd.readouterr()
    assert "secret" not in shown.out + shown.err


def test_a_live_demo_without_a_key_says_where_it_looked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo(file, "--live") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "TOGETHER_API_KEY (not set)" in shown.err
    assert "leave out --live" in shown.err


def test_a_live_demo_is_never_answered_by_the_emulator(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_TRANSPORT", "embedded")
    assert run_demo(file, "--live") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "env TOGETHER_TRANSPORT=embedded keeps --live from the real API" in shown.err


def test_a_setting_that_cannot_be_used_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_MAX_RETRIES", "many")
    assert run_demo(file) == 1
    assert capsys.readouterr().err.startswith("together-di demo: env TOGETHER_MAX_RETRIES='many'")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no text in it"),
        (b" \n\n\t\n", "has no text in it"),
        (b"\xef\xbb\xbf", "has no text in it"),
        (b"Gr\xfcezi", "is not text in UTF-8 (see byte 2)"),
        ("Grüezi".encode("utf-16"), "is not text in UTF-8 (see byte 0)"),
        (b"a\0b", "holds NUL characters"),
    ],
)
def test_a_file_without_text_is_said(
    content: bytes, problem: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(content)
    assert run_demo(file) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(file) in shown.err
    assert problem in shown.err
    assert shown.err.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo(tmp_path) == 1
    assert capsys.readouterr().err.startswith(f"together-di demo: Cannot read {tmp_path}: ")


def test_a_picture_in_no_folder_is_refused_before_any_call(
    live: Recorder, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_demo(file, "--live", "--output", tmp_path / "nowhere" / "p.png") == 1
    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err
    assert live.requests == []


def test_a_folder_is_no_picture(file: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture.mkdir()
    assert run_demo(file, "--output", picture) == 1
    assert "it is a folder" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    file: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    picture.write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    assert run_demo(file, "--output", picture) == 1
    assert f"Cannot write {picture}: No space left on device." in capsys.readouterr().err
    assert list(picture.parent.iterdir()) == [picture]
    assert picture.read_text() == "old"


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/rerank", "/v1/chat/completions", "/v1/images/generations"])
def test_an_error_of_the_api_is_one_message_and_no_picture(
    path: str, live: Recorder, file: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture.write_text("old")
    live.answer(path, {"error": {"message": "The model is tired."}}, 429)
    assert run_demo(file, "--live", "--output", picture) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("together-di demo: 429 Too Many Requests: The model is tired.")
    assert shown.err.count("\n") == 1
    assert "Done" not in shown.out
    assert picture.read_text() == "old"
    assert list(picture.parent.iterdir()) == [picture]


def test_an_error_in_the_middle_of_the_answer_begins_a_line_of_its_own(
    live: Recorder, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    first = {**chunk, "choices": [{"index": 0, "delta": {"content": "The key"}}]}
    events = f"data: {json.dumps(first)}\n\n" + 'data: {"error": {"message": "It broke."}}\n\n'
    headers = {"content-type": "text/event-stream"}
    live.instead["/v1/chat/completions"] = Reply(200, headers, events.encode())
    assert run_demo(file, "--live") == 1
    shown = capsys.readouterr()
    assert shown.out.endswith("\nThe key\n")
    assert shown.err.startswith("together-di demo: It broke.")


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("/v1/embeddings", {"object": "list", "model": "m", "data": []}, "The API gave 0 vectors for 1 texts."),
        ("/v1/embeddings", {}, "The API gave 0 vectors for 1 texts."),
        ("/v1/rerank", {}, "The API gave no ranking."),
        ("/v1/images/generations", {}, "The API gave no picture."),
        ("/v1/images/generations", {"data": [{"index": 0, "b64_json": ""}]}, "The API gave no picture."),
        ("/v1/images/generations", {"data": [{"index": 0, "url": "x"}]}, "The API gave no picture."),
        ("/v1/images/generations", {"data": [{"index": 0, "b64_json": "?"}]}, "is not base64"),
    ],
)
def test_an_answer_that_is_of_no_use_is_said(
    path: str, content: object, problem: str, live: Recorder, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live.answer(path, content)
    assert run_demo(file, "--live") == 1
    assert problem in capsys.readouterr().err


def test_an_api_that_is_not_there_is_one_message(
    live: Recorder, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOGETHER_BASE_URL", "http://127.0.0.1:1")
    assert run_demo(file, "--live") == 1
    shown = capsys.readouterr().err
    assert shown.startswith("together-di demo: ")
    assert "127.0.0.1:1" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("broken", [False, True])
def test_the_container_is_closed_at_the_end(
    broken: bool, live: Recorder, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[Together] = []

    def kept(container: TogetherContainer, *, live: bool) -> Together:
        clients.append(container.client())
        return clients[0]

    monkeypatch.setattr(demo, "_client", kept)
    if broken:
        live.answer("/v1/rerank", {}, 500)
    assert run_demo(file, "--live") == int(broken)
    assert clients[0].is_closed()


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def run_on(out: TextIO, file: Path, output: Path) -> None:
    demo.run(file, QUESTION, live=False, output=output, out=out)


def test_progress_counts_in_one_line_on_a_terminal(file: Path, picture: Path) -> None:
    file.write_text("\n\n".join(f"Passage {number}." for number in range(40)))
    terminal = Terminal()
    run_on(terminal, file, picture)
    counted = "\r  embedded 16 of 40\r  embedded 32 of 40\r  embedded 40 of 40\n"
    assert counted in terminal.getvalue()


def test_progress_is_plain_lines_elsewhere(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("\n\n".join(f"Passage {number}." for number in range(40)))
    assert run_demo(file) == 0
    shown = capsys.readouterr().out
    assert "\n  embedded 16 of 40\n  embedded 32 of 40\n  embedded 40 of 40\n" in shown
    assert "\r" not in shown


def test_a_terminal_without_umlauts_still_shows_the_rest(file: Path, picture: Path) -> None:
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding="ascii")
    run_on(out, file, picture)
    assert b"Gr?ezi mitenand!" in written.getvalue()


def test_a_heading_goes_with_the_paragraph_below_it() -> None:
    assert passages("# A\n\n## B\n\none\ntwo\n\n\nthree\n") == ["# A\n\n## B\n\none\ntwo", "three"]


def test_a_heading_above_nothing_stays() -> None:
    assert passages("one\n\n# End\n") == ["one", "# End"]


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_fenced_code_stays_in_one_piece(fence: str) -> None:
    code = f"{fence}python\na = 1\n\n# b\n\nc = 3\n{fence}"
    assert passages(f"before\n\n{code}\n\nafter") == ["before", code, "after"]


def test_a_fence_that_never_ends_loses_nothing() -> None:
    assert passages("before\n\n```\na\n\nb\n") == ["before", "```\na\n\nb"]


def test_windows_line_ends_separate_paragraphs() -> None:
    assert passages("one\r\n\r\ntwo\r\n") == ["one", "two"]


@pytest.mark.parametrize("unit", ["word ", "A sentence of words. ", "line\n", "日本語", "x", "👍🏽"])
def test_what_is_too_long_is_cut_and_nothing_is_lost(unit: str) -> None:
    text = unit * 2000
    found = passages(text)
    assert max(len(passage.encode()) for passage in found) <= LONGEST_PASSAGE
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("unit", "start"), [("This is a sentence. ", "This"), ("- an item. It has more\n  lines\n", "- an item")]
)
def test_a_cut_is_where_something_begins(unit: str, start: str) -> None:
    assert all(passage.startswith(start) for passage in passages(unit * 500))


def test_the_picture_has_the_permissions_of_any_new_file(file: Path, picture: Path) -> None:
    before = os.umask(0o027)
    try:
        assert run_demo(file, "--output", picture) == 0
    finally:
        os.umask(before)
    assert picture.stat().st_mode & 0o777 == 0o640
