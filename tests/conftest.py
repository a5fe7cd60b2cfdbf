"""No test writes into the records of the person who runs the tests, and cycles are looked for less often."""

import gc
import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def data_folder(tmp_path_factory):
    """Records go into a temporary folder, those of child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PVD_DATA", str(tmp_path_factory.mktemp("data")))
        yield os.environ["PVD_DATA"]


def pytest_collection_finish():
    """A run makes millions of tuples and hardly a cycle: looking for them is a tenth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return one worker more than there are cores: a test that waits for a real process leaves its core to another."""
    return (os.cpu_count() or 1) + 1
