"""Calls as users write them, literals in place, need no cast: never run, checked by mypy and pyright."""

from __future__ import annotations

from together_di import Together


def talk(client: Together) -> str | None:
    answer = client.chat.completions.create(
        model="m",
        messages=[
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
        ],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        tool_choice="auto",
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
        timeout=5,
    )
    again = client.chat.completions.create(
        model="m",
        messages=[
            {"role": "user", "content": "Hi"},
            answer.choices[0].message,
            {"role": "tool", "content": "x", "tool_call_id": "1"},
        ],
    )
    return again.choices[0].message.content


def stream(client: Together) -> str:
    chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def picture(client: Together) -> str | None:
    answer = client.images.generate(model="m", prompt="p", image_loras=[{"path": "p", "scale": 0.5}])
    return answer.data[0].b64_json or answer.data[0].url
