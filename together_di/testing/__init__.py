"""Testing programs that call Together AI: `FakeTogether`, and a pytest plugin that comes with the package.

>>> from together_di.testing import FakeTogether
>>> fake = FakeTogether()
>>> fake.chat.completions.create.returns("Bonjour").then.returns("Salut")
<script of chat.completions.create: 2 answers>
>>> question = [{"role": "user", "content": "Say hello in French"}]
>>> fake.chat.completions.create(model="m", messages=question).choices[0].message.content
'Bonjour'
>>> fake.calls[0].params["model"]
'm'
"""

from .fake import FakeTogether
from .recorder import Call
from .script import Exchange, UnscriptedCallError

__all__ = ["Call", "Exchange", "FakeTogether", "UnscriptedCallError"]
