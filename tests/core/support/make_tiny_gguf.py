"""Write a small language model with made-up weights: the llama architecture, some 450 kB, the same bytes each time.

python make_tiny_gguf.py FILE

After a prompt that ends in ':' its likeliest continuation is one fixed sentence, multi-byte characters included.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import gguf
import numpy as np

SIZE, HEADS, KEY_VALUE_HEADS, FEED_FORWARD, LAYERS = 64, 4, 2, 96, 2
SENTENCE = [
    "▁Hello",
    "▁from",
    "▁a",
    "▁tiny",
    "▁local",
    "▁model",
    ".",
    "▁It",
    "▁only",
    "▁knows",
    "▁this",
    "▁one",
    "▁sentence",
    "▁with",
    "▁caf",
    "é",
    "▁and",
    "▁🦙",
    "!",
]
UNKNOWN, NORMAL, CONTROL, USER_DEFINED, BYTE = 2, 1, 3, 4, 6
TEMPLATE = """{%- if tools %}system: Tools:
<tools>{% for t in tools %}
{{ t | tojson }}{% endfor %}
</tools>
For each call return <tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>
{% endif %}{% for m in messages %}{% if m['role']=='tool' %}user: <tool_response>
{{ m['content'] }}
</tool_response>
{% elif m['tool_calls'] %}assistant:{{ m['content'] or '' }}{% for c in m['tool_calls'] %}
<tool_call>
{"name": "{{ c['function']['name'] }}", "arguments": {{ c['function']['arguments'] | tojson }}}
</tool_call>{% endfor %}
{% else %}{{ m['role'] }}: {{ m['content'] }}
{% endif %}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"""


def vocabulary() -> list[tuple[str, int, float]]:
    """Text, type and score of each token."""
    tokens: dict[str, tuple[int, float]] = {"<unk>": (UNKNOWN, 0.0), "<s>": (CONTROL, 0.0), "</s>": (CONTROL, 0.0)}
    tokens |= {f"<0x{code:02X}>": (BYTE, 0.0) for code in range(256)}
    tokens["▁"] = (NORMAL, -1.0)
    for code in range(33, 127):
        tokens.setdefault(chr(code), (NORMAL, -2.0))
    for place, word in enumerate(SENTENCE):
        tokens.setdefault(word, (NORMAL, -10.0 - place))
    tokens["<tool_call>"] = (USER_DEFINED, 0.0)
    return [(text, kind, score) for text, (kind, score) in tokens.items()]


def embeddings(texts: list[str], random: Any) -> tuple[Any, Any]:
    """The vectors of the tokens, and an output matrix that works as a table of what follows what."""
    index = {text: number for number, text in enumerate(texts)}
    vectors = random.standard_normal((len(texts), SIZE)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    output = np.zeros((len(texts), SIZE), np.float32)
    chain = [":", *SENTENCE, "</s>"]
    for before, after in itertools.pairwise(chain):
        output[index[after]] += vectors[index[before]]
    # Taken only where a grammar forbids the end.
    output[index["<tool_call>"]] += 0.5 * vectors[index["!"]]
    output[index["<0x0A>"]] += vectors[index["<tool_call>"]]
    output[index["</s>"]] += 0.8 * vectors[index[">"]] + 0.5 * vectors[index["}"]]
    return vectors, output * 4


def write_header(writer: Any, tokens: list[tuple[str, int, float]]) -> None:
    """What the model is, and its tokens."""
    writer.add_name("tiny-test")
    writer.add_context_length(2048)
    writer.add_embedding_length(SIZE)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_VALUE_HEADS)
    writer.add_rope_dimension_count(SIZE // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(0)
    writer.add_pooling_type(gguf.PoolingType.MEAN)  # else there is one vector for each token
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_types([kind for _, kind, _ in tokens])
    writer.add_token_scores([score for _, _, score in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)  # else grammars fail to start
    writer.add_chat_template(TEMPLATE)


def write_layers(writer: Any, random: Any) -> None:
    """Layers that change next to nothing, so that the table decides."""

    def noise(*shape: int) -> Any:
        return (random.standard_normal(shape) * 0.01).astype(np.float32)

    narrow = SIZE // HEADS * KEY_VALUE_HEADS
    for layer in range(LAYERS):
        tensors = {
            "attn_norm": np.ones(SIZE, np.float32),
            "attn_q": noise(SIZE, SIZE),
            "attn_k": noise(narrow, SIZE),
            "attn_v": noise(narrow, SIZE),
            "attn_output": noise(SIZE, SIZE),
            "ffn_norm": np.ones(SIZE, np.float32),
            "ffn_gate": noise(FEED_FORWARD, SIZE),
            "ffn_up": noise(FEED_FORWARD, SIZE),
            "ffn_down": noise(SIZE, FEED_FORWARD),
        }
        for name, tensor in tensors.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", tensor)


def main(path: str) -> None:
    """Write the model to `path`."""
    random: Any = np.random.default_rng(0)
    tokens = vocabulary()
    vectors, output = embeddings([text for text, _, _ in tokens], random)
    writer: Any = gguf.GGUFWriter(path, "llama")
    write_header(writer, tokens)
    writer.add_tensor("token_embd.weight", vectors)
    writer.add_tensor("output_norm.weight", np.ones(SIZE, np.float32))
    writer.add_tensor("output.weight", output)
    write_layers(writer, random)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
