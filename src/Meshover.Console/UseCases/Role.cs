namespace Meshover.Console.UseCases;

/// <summary>What somebody who signed in may do; each may what the one before may. The names are those of the command line and of claims.</summary>
public enum Role
{
    Viewer,
    Operator,
    Administrator,
}
