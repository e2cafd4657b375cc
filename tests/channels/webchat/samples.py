"""Files as they come: small and real, and some that pretend."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def png(width: int = 160, height: int = 100) -> bytes:
    """A picture a browser can decode: a soft gradient."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"".join(bytes((90 + x * 80 // width, 130, 220 - x * 60 // width)) for x in range(width))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def office(folder: str) -> bytes:
    """The skeleton of a docx ("word") or xlsx ("xl") file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml"):
            archive.writestr(name, "<x/>")
    return buffer.getvalue()


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9") + bytes(50)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
EXE = b"MZ" + bytes(200)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
