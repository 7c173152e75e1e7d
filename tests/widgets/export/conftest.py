"""What is offered and written is that of layers: no canvas is needed."""

from tests.widgets.drivers import viewer_model

make_viewer_model = viewer_model.make_viewer_model
make_viewer_model_proxy = viewer_model.make_viewer_model_proxy
