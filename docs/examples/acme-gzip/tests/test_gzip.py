import gzip

import pytest

from dragon_framework.errors import InvalidParametersError


def test_the_compressed_file_holds_the_original(run_task, serve_file, tmp_path):
    (tmp_path / "a.txt").write_text("dragon " * 1000)

    run = run_task("acme.gzip", url=serve_file(tmp_path / "a.txt"))

    assert gzip.decompress(run.files["output"].read_bytes()) == b"dragon " * 1000
    assert run.original_bytes == 7000
    assert run.compressed_bytes == run.files["output"].stat().st_size < 100


def test_a_level_that_gzip_does_not_have_is_refused(run_task, serve_file, tmp_path):
    (tmp_path / "a.txt").write_text("dragon")

    with pytest.raises(InvalidParametersError, match="level"):
        run_task("acme.gzip", url=serve_file(tmp_path / "a.txt"), level=10)
