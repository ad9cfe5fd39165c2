"""Reads a feature store with numpy, pandas and pyarrow alone, and prints what they see as JSON.

Usage: read_store.py FEATURES
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

shards = []
for vectors_path in sorted(pathlib.Path(sys.argv[1], "img_emb").glob("img_emb_*.npy")):
    shard = vectors_path.stem.removeprefix("img_emb_")
    metadata_path = vectors_path.parent.parent / "metadata" / f"metadata_{shard}.parquet"
    vectors = np.load(vectors_path, mmap_mode="r", allow_pickle=False)
    frame = pd.read_parquet(metadata_path)
    schema = pq.read_schema(metadata_path)
    shards.append({
        "shard": shard,
        "dtype": vectors.dtype.str,
        "shape": vectors.shape,
        "c_order": bool(vectors.flags.c_contiguous),
        "offset": vectors.offset,
        "vectors": vectors.astype("<f8").tolist(),
        "schema": {field.name: str(field.type) for field in schema},
        "nullable": [field.name for field in schema if field.nullable],
        "rows": json.loads(frame.to_json(orient="records")),
        "arrow_rows": pq.read_table(metadata_path).to_pylist(),
    })
json.dump(shards, sys.stdout)
