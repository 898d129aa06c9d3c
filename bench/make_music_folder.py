"""A folder of small tagged files of music: make_music_folder.py BASES FOLDER FILES RELEASES

BASES keeps, from one run to the next, untagged files of two seconds, no two of which sound alike, in six
formats; ffmpeg makes them, each format in one go. FOLDER gets FILES copies of them as
ARTIST/RELEASE/NN - TITLE.ENDING, spread over RELEASES releases, each of one format, with tags by mutagen.
"""

import pathlib
import shutil
import subprocess
import sys

import mutagen
from mutagen import id3

SECONDS = 2
# So many files are written by one run of ffmpeg.
AT_ONCE = 100
# What each is encoded with; a segment of FLAC would lack its length and its checksum.
FORMATS = {
    "flac": ["-c:a", "flac", "-sample_fmt", "s16"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "128k", "-f", "segment", "-segment_format", "mp3"],
    "ogg": ["-c:a", "libvorbis", "-q:a", "4", "-f", "segment", "-segment_format", "ogg"],
    "opus": ["-c:a", "libopus", "-b:a", "96k", "-f", "segment", "-segment_format", "opus"],
    "m4a": ["-c:a", "aac", "-b:a", "128k", "-f", "segment", "-segment_format", "ipod"],
    "wav": ["-c:a", "pcm_s16le", "-f", "segment", "-segment_format", "wav"],
}
ENDINGS = list(FORMATS)
WORDS = ["amber", "brook", "cedar", "delta", "ember", "fjord", "glade", "haven", "isle", "jade"]


def name(number):
    return " ".join(WORDS[int(digit)] for digit in str(number)).title()


def make_bases(folder, ending, count):
    """So many files of a format, of noise: a seed for each format, so none is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.glob(f"*.{ending}"))) >= count:
        return
    seed = 1 + ENDINGS.index(ending)
    length = (count + 2) * SECONDS
    if ending != "flac":
        parts = ["-segment_time", str(SECONDS), "-reset_timestamps", "1"]
        encode(seed, length, FORMATS[ending] + parts + [str(folder / f"%06d.{ending}")])
        return
    for first in range(0, count, AT_ONCE):
        words = []
        for number in range(AT_ONCE):
            words += ["-ss", str(number * SECONDS), "-t", str(SECONDS)] + FORMATS[ending]
            words.append(str(folder / f"{first + number:06d}.{ending}"))
        encode(1_000 + first, AT_ONCE * SECONDS, words)


def encode(seed, seconds, words):
    noise = f"anoisesrc=color=pink:amplitude=0.3:seed={seed}:sample_rate=48000:duration={seconds}"
    ffmpeg = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", noise, "-ac", "1"]
    subprocess.run(ffmpeg + words, check=True)


def tag(path, tags):
    if path.suffix == ".wav":
        file = mutagen.File(path)
        file.add_tags()
        frames = {
            "title": id3.TIT2,
            "artist": id3.TPE1,
            "album": id3.TALB,
            "albumartist": id3.TPE2,
            "tracknumber": id3.TRCK,
            "date": id3.TDRC,
            "genre": id3.TCON,
        }
        for key, frame in frames.items():
            file.tags.add(frame(encoding=3, text=[tags[key]]))
    else:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        for key, value in tags.items():
            file[key] = value
    file.save()


def main():
    bases, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files, releases = int(sys.argv[3]), int(sys.argv[4])
    tracks = -(-files // releases)
    taken = dict.fromkeys(ENDINGS, 0)
    mixed = releases < len(ENDINGS)
    each = -(-files // len(ENDINGS)) + (0 if mixed else tracks)
    for ending in ENDINGS:
        make_bases(bases / ending, ending, each)
    for number in range(files):
        release, track = divmod(number, tracks)
        # The tracks of a great release are of every format.
        ending = ENDINGS[(number if mixed else release) % len(ENDINGS)]
        base = bases / ending / f"{taken[ending]:06d}.{ending}"
        taken[ending] += 1
        artist, album, title = name(release // 4), f"Album {name(release)}", name(number)
        path = folder / artist / album / f"{track + 1:02d} - {title}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base, path)
        tag(
            path,
            {
                "title": title,
                "artist": artist,
                "album": album,
                "albumartist": artist,
                "tracknumber": f"{track + 1}/{tracks}",
                "date": str(1960 + release % 66),
                "genre": ["Jazz", "House", "Folk", "Rock"][release % 4],
            },
        )


main()
