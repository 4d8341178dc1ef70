"""Shipped momentum-transfer spectra (HDF5) and the YAML that says how to rebuild them."""
