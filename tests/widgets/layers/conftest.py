"""What happens in layers needs no canvas."""

from tests.widgets.drivers import viewer_model

make_viewer_model = viewer_model.make_viewer_model
make_viewer_model_proxy = viewer_model.make_viewer_model_proxy
