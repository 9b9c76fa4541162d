"""What Wireshark's check_spelling.py needs of the package pyspellchecker, which Debian has not: known words, from Debian's word lists."""

import pathlib
import re

LISTS = ("/usr/share/dict/american-english", "/usr/share/dict/british-english", pathlib.Path(__file__).with_name("words.txt"))


class SpellChecker:
    """Words without their case; plurals and possessives are in the lists."""

    def __init__(self):
        self.words = set()
        self.word_frequency = self
        for path in LISTS:
            self.load_text_file(path)

    def load_text_file(self, path):
        """Takes all words of the file."""
        self.load_words(re.findall(r"\w+", pathlib.Path(path).read_text(encoding="utf-8")))

    def load_words(self, words):
        """Takes these words."""
        self.words.update(word.lower() for word in words)

    def known(self, words):
        """Those of the words that are known."""
        return {word for word in words if word.lower() in self.words}

    def unknown(self, words):
        """Those of the words that are not."""
        return set(words) - self.known(words)
