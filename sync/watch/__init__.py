"""Loads that come by themselves: a rule kept with each run, and somebody who looks at CVAT now and then."""
