"""What importing the package does and needs; each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import together_di_fastapi

ROOT = Path(together_di_fastapi.__file__).parents[2]

#: Makes `import NAME` fail as if it was not installed.
WITHOUT = """
class Finder:
    def find_spec(name, path=None, target=None):
        if name == {!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Finder)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter says to `program`."""
    paths = [str(ROOT), str(ROOT / "integrations")]
    program = f"import sys; sys.path[:0] = {paths}\n{program}"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False, env={}
    )


def test_the_import_connects_to_nothing_and_needs_no_key() -> None:
    watch = "sys.addaudithook(lambda event, args: print(event) if event.startswith('socket.') else None)"
    done = run(f"import asyncio, ssl; {watch}; import together_di_fastapi")
    assert (done.stdout, done.stderr) == ("", "")


def test_all_but_the_annotations_works_without_fastapi() -> None:
    done = run(
        WITHOUT.format("fastapi")
        + """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from together_di_fastapi import add_error_handlers, get_async_together, health_route, sse, together_lifespan
import anyio

async def view(request):
    together = await get_async_together(request)
    return sse(await together.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi"}], stream=True))

app = Starlette(routes=[Route("/", view), health_route("/health")], lifespan=together_lifespan(transport="embedded"))
add_error_handlers(app)

async def main():
    async with app.router.lifespan_context(app):
        asked = []
        async def receive():
            if asked:
                await anyio.sleep_forever()
            asked.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}
        async def send(message):
            print(message.get("body", b"").decode())
        scope = {"type": "http", "path": "/", "method": "GET", "headers": [], "query_string": b"", "root_path": ""}
        await app(scope, receive, send)

anyio.run(main)
"""
    )
    assert "data: [DONE]" in done.stdout, done.stderr


def test_the_annotations_say_that_fastapi_is_missing() -> None:
    done = run(WITHOUT.format("fastapi") + "from together_di_fastapi import TogetherDep")
    assert 'pip install "together-di[fastapi]"' in done.stderr


def test_a_missing_framework_names_the_extra() -> None:
    done = run(WITHOUT.format("starlette") + "import together_di_fastapi")
    assert 'ImportError: FastAPI is not installed: pip install "together-di[fastapi]"' in done.stderr


def test_all_names_are_there() -> None:
    assert [name for name in together_di_fastapi.__all__ if not hasattr(together_di_fastapi, name)] == []
    assert set(together_di_fastapi.__all__) <= set(dir(together_di_fastapi))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    assert not hasattr(together_di_fastapi, "TogtherDep")
