"""Image in, labels out: everything that needs neither Qt nor napari.

The folders follow the pipeline: `images` (files -> planes), `contrast` (plane -> what
the network sees), `model` (the network and its checkpoints), `inference` (-> distance
map), `watershed` (distance map -> labels), `edit` (corrections of labels), `measure`
(labels -> tables), `pairs` (nuclei and their cells), `results` (labels -> disk),
`labels` (labels of others, read back).
`batch` takes many files through all of them; `segmenter` is the facade for one plane.
"""
