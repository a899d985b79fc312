"""The one function of python-dateutil that generated models ask for, so that the test installs nothing."""

from datetime import datetime


def parse(text: str) -> datetime:
    # Python before 3.11 reads +00:00 and no Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
