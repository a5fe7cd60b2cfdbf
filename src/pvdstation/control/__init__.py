"""The pure decision core: state, image, requests and time in; state, outputs, actions and events out."""
