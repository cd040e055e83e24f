"""What the public reads in a browser or a feed reader; answered from memory."""
