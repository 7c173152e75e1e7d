"""Most of what the dock does shows in layers and messages: no canvas is needed."""

from tests.widgets.drivers import viewer_model

make_viewer_model = viewer_model.make_viewer_model
make_viewer_model_proxy = viewer_model.make_viewer_model_proxy
