"""Films, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from together_di import AsyncTogether, BadRequestError, JobTimeoutError, NotFoundError, Together
from together_di.emulator.emulator import default_emulator
from together_di.types import VideoJob

MODEL = "minimax/video-01"


@pytest.fixture
def client() -> Iterator[Together]:
    with Together(api_key="key-for-tests", transport="embedded", strict=True) as client:
        yield client


def served(url: str) -> tuple[int, bytes]:
    """What the emulator gives for a URL, without a key."""
    reply = default_emulator().handle("GET", urlsplit(url).path, {}, b"", base_url="http://x")
    assert isinstance(reply.body, bytes)
    return reply.status, reply.body


def test_a_film_is_completed_when_it_has_been_asked_for_twice(client: Together) -> None:
    film = client.videos.create(model=MODEL, prompt="A boat", seconds="3", width=640, height=360)
    seen = [film, client.videos.retrieve(film.id), client.videos.retrieve(film.id), client.videos.retrieve(film.id)]
    assert [each.status for each in seen] == ["in_progress", "in_progress", "completed", "completed"]
    assert (film.size, film.seconds, film.outputs) == ("640x360", "3", None)
    assert seen[-1].completed_at
    assert seen[-1].completed_at > film.created_at


def test_a_completed_film_can_be_fetched_without_a_key(client: Together, waits: list[float]) -> None:
    film = client.videos.wait(client.videos.create(model=MODEL, prompt="A boat").id)
    assert film.outputs is not None
    status, content = served(film.outputs.video_url)
    assert (status, content[4:12]) == (200, b"ftypisom")


def test_the_same_prompt_and_seed_give_the_same_film(client: Together, waits: list[float]) -> None:
    jobs = [client.videos.create(model=MODEL, prompt="A boat", seed=seed) for seed in (1, 1, 2)]
    films = [client.videos.wait(job.id).outputs for job in jobs]
    one, same, other = (served(film.video_url)[1] for film in films if film is not None)
    assert one == same != other


def test_waiting_tells_of_each_change(client: Together, waits: list[float]) -> None:
    seen: list[str] = []
    job = client.videos.create(model=MODEL, prompt="A boat")
    done = client.videos.wait(job.id, poll_interval=2, on_progress=lambda film: seen.append(film.status))
    assert (done.status, seen) == ("completed", ["in_progress", "completed"])
    assert sum(waits) == 2


def test_waiting_ends_with_the_time(client: Together, waits: list[float]) -> None:
    job = client.videos.create(model=MODEL, prompt="A boat")
    with pytest.raises(JobTimeoutError):
        client.videos.wait(job.id, timeout=0)


def test_the_async_client_waits_too(waits: list[float]) -> None:
    async def story() -> None:
        async with AsyncTogether(api_key="key-for-tests", transport="embedded", strict=True) as client:
            job = await client.videos.create(model=MODEL, media={"frame_images": [{"input_image": "http://x/y.png"}]})
            done = await client.videos.wait(job.id)
            assert isinstance(done, VideoJob)
            assert done.status == "completed"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("values", "param"),
    [({}, "prompt"), ({"prompt": "p", "seconds": "long"}, "seconds"), ({"prompt": "p", "width": 0}, "width")],
)
def test_a_wrong_argument_is_named(client: Together, values: dict[str, str], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.videos.create(model=MODEL, **values)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert caught.value.param == param


def test_a_film_that_does_not_exist_is_not_found(client: Together) -> None:
    with pytest.raises(NotFoundError):
        client.videos.retrieve("nothing")
    assert served("http://x/emulator/videos/nothing.mp4")[0] == 404
