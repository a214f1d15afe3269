"""The few questions that a new spec is made of. Pure: who asks them, and where, is the caller's business."""
