"""Proposals to use rooms better (调剂): which to free, merge or hand over, under rules one can state."""
