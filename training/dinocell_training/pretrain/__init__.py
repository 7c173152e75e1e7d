"""Self-supervised pretraining: a backbone from images without labels.

A student learns to say of one view what an averaged teacher says of another (DINO,
Caron et al. 2021), and of hidden patches what the teacher sees there (iBOT, Zhou et al.
2022); codes are balanced and features kept apart as in DINOv2 (Oquab et al. 2023). The
two views may come from different fluorescence channels of one field.
"""
