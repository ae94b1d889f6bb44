"""Evidence is kept by its hash, pictures without what the camera wrote, and nothing that is not what it says."""

import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rectification.evidence import (
    MAX_BYTES,
    EvidenceGoneError,
    EvidenceRefusedError,
    MediaType,
    PreparedFile,
    clean_name,
    media_type_of,
)
from storage.evidence import EvidenceStore, EvidenceUnkeptError
from storage.evidence_pictures import KEPT_SIDE, THUMBNAIL_SIDE, redrawn
from tests.pictures import GPS_TAG, office, photo, png_head

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def keep(store: EvidenceStore, content: bytes) -> PreparedFile:
    prepared = store.prepare(content)
    store.put(prepared)
    return prepared


def test_a_file_comes_back_as_it_was_under_its_hash(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    kept = keep(store, PDF)
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    assert kept.media_type is MediaType.PDF
    assert store.read(kept.sha256) == PDF
    assert store.path(kept.sha256) == tmp_path / kept.sha256[:2] / kept.sha256[2:]
    assert store.path(kept.sha256).stat().st_mode & 0o777 == 0o600


def test_the_same_bytes_lie_there_once(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    assert keep(store, PDF) == keep(store, PDF)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_photo_loses_its_place_and_camera_and_stands_upright(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    taken = photo(size=(60, 40), orientation=6, gps=True)
    assert GPS_TAG in Image.open(BytesIO(taken)).getexif()
    kept = keep(store, taken)
    with Image.open(store.path(kept.sha256)) as shown:
        assert shown.size == (40, 60)
        assert not shown.getexif()
        assert not {"exif", "comment", "xmp"} & set(shown.info)


def test_what_hangs_behind_a_picture_is_left_behind(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    kept = keep(store, photo() + b"<script>alert(1)</script>")
    assert b"script" not in store.read(kept.sha256)


def test_a_large_photo_becomes_small_enough_and_has_a_thumbnail(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    kept = keep(store, photo(size=(4000, 1000)))
    with Image.open(store.path(kept.sha256)) as shown, Image.open(BytesIO(store.thumbnail(kept.sha256))) as small:
        assert shown.size == (KEPT_SIDE, KEPT_SIDE // 4)
        assert (small.size, small.format) == ((THUMBNAIL_SIDE, THUMBNAIL_SIDE // 4), "JPEG")


def test_a_transparent_png_keeps_its_alpha() -> None:
    made = BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 10)).save(made, "PNG")
    kept, thumbnail = redrawn(made.getvalue(), MediaType.PNG)
    assert Image.open(BytesIO(kept)).mode == "RGBA"
    assert min(Image.open(BytesIO(thumbnail)).convert("L").tobytes()) > 200, "on white, not on black"


@pytest.mark.parametrize("size", [(6000, 6000), (100_000, 100_000), (2**31 - 1, 1)])
def test_a_picture_made_to_fill_the_memory_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(EvidenceRefusedError, match=r"pixels|damaged"):
        redrawn(png_head(*size), MediaType.PNG)


def test_a_cut_off_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceRefusedError, match="damaged"):
        keep(EvidenceStore(tmp_path), photo()[:200])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>", "JPEG, PNG, PDF, DOCX or XLSX"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "JPEG, PNG, PDF"),
        (b"GIF89a", "JPEG, PNG, PDF"),
        (b"MZ\x90\x00", "JPEG, PNG, PDF"),
        (b"PK\x03\x04 and no more", "damaged"),
        (office("readme.txt"), "one by one"),
        (office("word/document.xml", "word/vbaProject.bin"), "macros"),
        (b"%PDF-" + bytes(MAX_BYTES), "20 MB"),
    ],
)
def test_what_is_none_of_the_kinds_is_refused_with_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(EvidenceRefusedError, match=said):
        keep(EvidenceStore(tmp_path), content)
    assert list(tmp_path.iterdir()) == []


def test_office_documents_are_told_by_what_is_in_them() -> None:
    assert media_type_of(office("word/document.xml")) is MediaType.DOCX
    assert media_type_of(office("xl/workbook.xml")) is MediaType.XLSX


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: photo()[:100] + tail)))
def test_whatever_comes_is_kept_or_refused(content: bytes) -> None:
    try:
        kind = media_type_of(content)
        if kind.is_picture:
            redrawn(content, kind)
    except EvidenceRefusedError:
        pass


def test_a_discarded_file_is_gone_and_discarding_again_does_nothing(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    kept = keep(store, photo())
    store.discard(kept.sha256)
    store.discard(kept.sha256)
    with pytest.raises(EvidenceGoneError):
        store.read(kept.sha256)
    with pytest.raises(EvidenceGoneError):
        store.thumbnail(kept.sha256)
    with pytest.raises(EvidenceGoneError):
        store.path(kept.sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63 + "/", "", "A" * 64])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceGoneError):
        EvidenceStore(tmp_path).read(name)


def test_a_folder_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be")
    with pytest.raises(EvidenceUnkeptError, match="could not be kept"):
        keep(EvidenceStore(tmp_path / "evidence"), PDF)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("C:\\Users\\me\\配电箱 1.JPG", "配电箱 1.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("photo.jpeg", "photo.jpg"),
        ("invoice.pdf.exe", "invoice.pdf.exe.jpg"),
        ("\r\nSet-Cookie: x", "Set-Cookie x.jpg"),
        ("", "file.jpg"),
        ("...", "file.jpg"),
        ("长" * 300 + ".png", "长" * 120 + ".jpg"),
    ],
)
def test_a_name_is_cleaned_and_ends_as_its_content_asks(written: str, clean: str) -> None:
    assert clean_name(written, MediaType.JPEG) == clean


def test_a_packed_bomb_is_not_unpacked() -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", bytes(10_000_000))
    assert media_type_of(made.getvalue()) is MediaType.XLSX
