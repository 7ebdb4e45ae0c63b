"""Checkpoints: tensors and their description on disk, safe from crashes and full disks."""

from course_lib.checkpoints.bundles import load_bundle, save_bundle

__all__ = ["load_bundle", "save_bundle"]
