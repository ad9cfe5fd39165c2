"""Fetches files into the hub's own cache with huggingface_hub: REPOSITORY, then REVISION and FILE of each. Prints their places."""

import sys

from huggingface_hub import hf_hub_download

repository, *rest = sys.argv[1:]
for revision, file in zip(rest[::2], rest[1::2]):
    print(hf_hub_download(repository, file, revision=revision))
