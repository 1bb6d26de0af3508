using Meshover.Controller.Commands;

return await ControllerCommands.Create().Parse(args).InvokeAsync();
