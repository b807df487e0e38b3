"""Tests of whether the MI is more than chance."""
