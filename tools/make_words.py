#!/usr/bin/env python3
"""Makes the word list that random texts are drawn from.

usage: make_words.py FOLDER > words.txt

FOLDER holds plain-text books. A word is a run of two or more lower-case letters a to z that occurs in at least three of
the books; the list is in alphabetical order, one word a line. The list that ships was made from 88 English novels in the
public domain.
"""
import collections
import pathlib
import re
import sys

if len(sys.argv) != 2:
    sys.exit(__doc__)
books = sorted(pathlib.Path(sys.argv[1]).glob("*.txt"))
if not books:
    sys.exit(f"{sys.argv[1]}: holds no .txt file; give a folder of plain-text books")
occurs_in = collections.Counter()
for book in books:
    occurs_in.update(set(re.findall(r"\b[a-z]{2,}\b", book.read_text(encoding="utf-8", errors="replace"))))
print("\n".join(sorted(word for word, count in occurs_in.items() if count >= 3)))
