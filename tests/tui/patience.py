"""Waits for what a worker does, and never longer than needed."""

import asyncio
from collections.abc import Callable
from typing import Any

WITHIN_S = 10.0


async def until(is_so: Callable[[], Any]) -> None:
    """Wait until something is so. Raises TimeoutError."""
    async with asyncio.timeout(WITHIN_S):
        while not is_so():
            await asyncio.sleep(0.01)
