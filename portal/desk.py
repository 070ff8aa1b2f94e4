"""Asking the database for many sockets: those that come while it is asked wait, and are asked for together."""

import asyncio

# Sockets that come back all at once are let in some at a time, and pages are answered in between.
MOST_AT_ONCE = 200


class Desk:
    """Answers questions; `look_up(questions)` is a coroutine that returns `{question: answer}`.

    It looks up while it has the `turn`, a lock: all desks of one lock together take one of the process's connections.
    """

    def __init__(self, look_up, turn):
        self._look_up, self._turn = look_up, turn
        self._questions = self._answers = None

    async def ask(self, question):
        """The answer, looked up after it was asked for."""
        if self._questions is None or len(self._questions) >= MOST_AT_ONCE:
            self._questions = set()
            self._answers = asyncio.create_task(self._answer(self._questions))
        self._questions.add(question)
        # Who goes away while it waits leaves the others waiting.
        return (await asyncio.shield(self._answers))[question]

    async def _answer(self, questions):
        async with self._turn:
            if self._questions is questions:
                self._questions = None
            return await self._look_up(questions)
