"""Pure screens: `build` makes Block Kit from values, `parse` makes values from what was filled in; a file per screen."""
