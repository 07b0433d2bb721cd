from __future__ import annotations

import importlib.util
import uuid

import fsspec
import pytest

from connector.errors import PermanentError, TransientError
from connector.providers.table.bucket import Bucket, s3
from tests.contract.sources.table.shelf import Shelf, csv


class Away:
    """A store that does not answer."""

    def isdir(self, path: str) -> bool:
        raise ConnectionError("key=AKIASECRET")

    ls = info = open = isdir


@pytest.fixture
def bucket() -> str:
    return f"/{uuid.uuid4().hex}"


def test_objects_are_read_like_files(shelf: Shelf, bucket: str):
    files = fsspec.filesystem("memory")
    files.pipe(f"{bucket}/out/1.csv", csv("number;what", "A1;x").encode())
    files.pipe(f"{bucket}/out/deep/2.csv", csv("number;what", "B1;x").encode())
    files.pipe(f"{bucket}/other/3.csv", csv("number;what", "C1;x").encode())
    storage = Bucket(files, f"{bucket}/out/**/*.csv")
    run = shelf.run(storage=storage, settle="0s", holds="all")
    assert (sorted(run.ids), run.sees_all) == (["A1", "B1"], True)
    assert shelf.run(run.bookmark, storage=storage, settle="0s", holds="all").ids == []
    files.pipe(f"{bucket}/out/1.csv", csv("number;what", "A1;x", "A2;y").encode())
    files.rm(f"{bucket}/out/deep/2.csv")
    again = shelf.run(run.bookmark, storage=storage, settle="0s", holds="all")
    assert (again.ids, again.sees_all) == (["A1", "A2"], True)


def test_a_store_that_is_away_is_tried_again_and_its_words_stay_out(shelf: Shelf):
    with pytest.raises(TransientError) as caught:
        shelf.run(storage=Bucket(Away(), "/bucket/*.csv"))
    assert "AKIA" not in str(caught.value)


def test_a_folder_without_objects_is_empty(shelf: Shelf, bucket: str):
    files = fsspec.filesystem("memory")
    files.pipe(f"{bucket}/other/1.csv", csv("number", "A1").encode())
    run = shelf.run(storage=Bucket(files, f"{bucket}/out/*.csv"), holds="all")
    assert (run.ids, run.start.full) == ([], False)


def test_a_bucket_that_is_not_there_is_told(shelf: Shelf):
    with pytest.raises(PermanentError, match="no_folder"):
        shelf.run(storage=Bucket(fsspec.filesystem("memory"), "/nowhere/at/all/*.csv"))


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed here")
def test_without_its_package_s3_says_what_to_install(shelf: Shelf):
    with pytest.raises(PermanentError) as caught:
        s3(shelf.settings(location="s3://bucket/out/*.csv"))
    assert "bitrix24-connector[s3]" in caught.value.hint.en
    assert "bitrix24-connector[s3]" in caught.value.hint.ru
