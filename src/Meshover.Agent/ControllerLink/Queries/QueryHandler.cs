using Meshover.Contract.V1;

namespace Meshover.Agent.ControllerLink.Queries;

/// <summary>Answers one kind of question. What it throws is logged, and told the asker.</summary>
/// <param name="question">Of that kind.</param>
/// <param name="longest">Bytes that the answer may have.</param>
/// <param name="cancellationToken">Nobody waits any more.</param>
internal delegate Task<NodeAnswer> QueryHandler(NodeQuestion question, int longest, CancellationToken cancellationToken);
