"""The OpenAI SDK for Python alone: URL, calls, how many at once."""

import asyncio
import sys

from openai import AsyncOpenAI

url, calls, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tools = [{"type": "function", "function": {"name": "act", "parameters": {"type": "object", "properties": {}}}}]


async def main() -> None:
    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    gate = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with gate:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "What do you do?"}], tools=tools)

    await asyncio.gather(*(one() for _ in range(calls)))


asyncio.run(main())
