"""Image in, labels out: everything that needs neither Qt nor napari.

The folders follow the pipeline: `model` (the network and its checkpoints),
`inference` (image -> distance map), `instances` (distance map -> labels),
`results` (labels -> disk). `segmenter` is the facade over all of them.
"""
