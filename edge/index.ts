export default {
  fetch(): Response {
    return new Response("flag mesh");
  },
};
