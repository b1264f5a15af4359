"""For test suites without pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fake import FakeTogether
from .interception import intercepted

if TYPE_CHECKING:
    from unittest import TestCase
else:
    TestCase = object


class TogetherTestMixin(TestCase):
    """Has every client of the process answered by `self.fake_together` during each test of a `unittest.TestCase`.

    class SummaryTest(TogetherTestMixin, django.test.TestCase):
        def test_summary(self):
            self.fake_together.chat.completions.create.returns("Bonjour")
            self.assertEqual(self.client.get("/summary").json(), {"text": "Bonjour"})

    Attributes:
        fake_together: The fake.
    """

    fake_together: FakeTogether

    def setUp(self) -> None:
        """Begin to intercept; the end comes by itself."""
        super().setUp()
        self.fake_together = self.enterContext(intercepted())
