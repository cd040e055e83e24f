"""Pure screens, a file each: `build` makes Block Kit of values, `parse` makes values of what was filled in."""
