#!/usr/bin/env python3
"""Record a command in a real terminal and write it as an animated SVG: docs/demo.svg is `./cram demo`.

usage: record_demo.py OUT.svg COLUMNS ROWS COMMAND [ARG ...]        (needs pyte)
"""
import fcntl, os, pty, select, struct, sys, termios, time
from html import escape

import pyte

if len(sys.argv) < 5:
    sys.exit(__doc__)
out, columns, rows, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
INTERVAL = 0.2                  # seconds between looks at the screen
LAST_FRAME = 6.0                # seconds that the end stays before the recording starts again
CELL, LINE, MARGIN = 8.4, 18, 14
COLOURS = {"default": "#d0d0d0", "black": "#5c6370", "red": "#e06c75", "green": "#7fc97f", "brown": "#e5c07b",
           "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#ffffff",
           "brightblack": "#7a808c", "brightred": "#e06c75", "brightgreen": "#7fc97f", "brightbrown": "#e5c07b"}


def record():
    """The distinct screens of the command, each with the seconds it stayed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    frames, shown, look, running = [], None, time.time(), True
    while running:
        while running and (left := look - time.time()) > 0:
            if select.select([terminal], [], [], left)[0]:
                try:
                    stream.feed(os.read(terminal, 65536))
                except OSError:
                    running = False
        picture = draw(screen)
        look = max(look + INTERVAL, time.time() + INTERVAL / 4)  # a slow drawing must not keep it from reading
        if picture != shown:
            frames.append([picture, INTERVAL])
            shown = picture
        else:
            frames[-1][1] += INTERVAL
    os.waitpid(pid, 0)
    frames[-1][1] = LAST_FRAME
    return frames


def style(cell):
    colour = cell.fg if cell.fg.startswith("#") else COLOURS.get(cell.fg, "#" + cell.fg if len(cell.fg) == 6 else "#d0d0d0")
    return colour, cell.bold, cell.underscore, cell.reverse


def draw(screen):
    lines = []
    for y in range(rows):
        row, runs = screen.buffer[y], []
        for x in range(columns):
            cell = row[x]
            if runs and runs[-1][0] == style(cell):
                runs[-1][1].append(cell.data)
            else:
                runs.append((style(cell), [cell.data], x))
        for (colour, bold, underlined, reverse), text, x in runs:
            text = "".join(text)
            if text.strip():
                looks = f' fill="{colour}"' + (' font-weight="bold"' if bold or reverse else "")
                looks += ' text-decoration="underline"' if underlined else ""
                lead = len(text) - len(text.lstrip())
                lines.append(f'<text x="{MARGIN + CELL * (x + lead):.1f}" y="{MARGIN + LINE * (y + 0.8):.1f}"{looks}'
                             f' textLength="{CELL * len(text.strip()):.1f}">{escape(text.strip())}</text>')
    return "\n".join(lines)


def main():
    frames = record()
    total = sum(seconds for _, seconds in frames)
    width, height = 2 * MARGIN + CELL * columns, 2 * MARGIN + LINE * rows
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" font-size="14"'
             ' font-family="ui-monospace, Menlo, Consolas, monospace" xml:space="preserve">',
             f'<rect width="100%" height="100%" rx="8" fill="#1b1e24"/>', "<style>.f{visibility:hidden} text{white-space:pre}</style>"]
    at = 0.0
    for i, (picture, seconds) in enumerate(frames):
        begin, end = at / total * 100, (at + seconds) / total * 100
        at += seconds
        parts.append(f"<style>@keyframes k{i}{{0%,{begin:.3f}%{{visibility:hidden}}{begin + 0.001:.3f}%,{end:.3f}%"
                     f"{{visibility:visible}}{min(100, end + 0.001):.3f}%,100%{{visibility:hidden}}}}"
                     f"#f{i}{{animation:k{i} {total:.2f}s step-end infinite}}</style>")
        parts.append(f'<g class="f" id="f{i}">{picture}</g>')
    parts.append("</svg>")
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    print(f"{len(frames)} frames, {total:.1f} s")


main()
