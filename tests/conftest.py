"""No test writes into the records of the person who runs the tests."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def data_folder(tmp_path_factory):
    """Records go into a temporary folder, those of child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PVD_DATA", str(tmp_path_factory.mktemp("data")))
        yield os.environ["PVD_DATA"]
