"""The templates of the page, packaged as `reportgen.templates`."""
