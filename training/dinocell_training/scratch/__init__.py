"""Train a model on folders of labelled images, in resumable runs."""
