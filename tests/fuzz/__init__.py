"""Inputs that nobody wrote: each is read, or refused with one sentence, soon and in little memory."""
