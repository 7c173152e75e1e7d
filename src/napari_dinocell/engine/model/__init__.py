"""The network: DINOv3 backbone, U-Net decoder, checkpoints."""
