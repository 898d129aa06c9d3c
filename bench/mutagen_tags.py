"""Reads the tags of every file of a folder by mutagen, a process for each core: mutagen_tags.py FOLDER

Prints one object: how many files, how many of them had a title, and the seconds.
"""

import json
import multiprocessing
import os
import sys
import time

import mutagen


def read(path):
    file = mutagen.File(path)
    # What a library is told by: the length, and every tag.
    title = [value for key, value in (file.tags or {}).items() if key.lower() in ("title", "tit2", "\xa9nam")]
    return bool(title) if file.info.length > 0 else None


def main():
    began = time.monotonic()
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        titles = pool.map(read, paths, chunksize=64)
    seconds = time.monotonic() - began
    print(json.dumps({"files": len(titles), "titled": sum(map(bool, titles)), "seconds": seconds}))


main()
